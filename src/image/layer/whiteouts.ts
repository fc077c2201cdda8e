// What names mean in a layer (OCI image-spec, layer.md, "Whiteouts").

/** Begins the name of what hides the file of the rest of its name. */
export const whiteoutPrefix = ".wh.";
/** In a folder: nothing of it in lower layers is seen. */
export const opaqueMarker = ".wh..wh..opq";
