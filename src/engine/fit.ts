/*
 * Which kernel an image needs. Others use what stands here, and nothing behind it.
 */

export { defaultTrialMs, fitImage, type ImageFit } from "./fit/fit-image.ts";
export { kernelOf } from "./fit/fit-kernel.ts";
