/** Asked for as a kernel: the smallest that serves the image. No kernel and no recipe has this name. */
export const fitsAnImage = "fit";
