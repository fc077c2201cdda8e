/** Diff id of a tar with nothing in it: an image of a container that changed nothing has no such layer. */
export const emptyLayer = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
