/*
 * Images: pulled, pushed, saved, verified, and trusted or not. Others use what stands here, and
 * nothing behind it.
 */

export {
  describePolicy,
  describeRefusal,
  type ImageTrust,
  imageTrust,
  requireTrust,
  type RuleVerdict,
} from "./images/image-trust.ts";
export { nameToGive } from "../image/store/image-names.ts";
export { tagPattern } from "../image/reference.ts";
export { hubAccess } from "./images/known-registries.ts";
export {
  type Credentials,
  describeRemoteImage,
  logInTo,
  searchImages,
} from "./images/registries.ts";
export { saveImages } from "./images/save-images.ts";
export { sharedImageBytes } from "./images/shared-image-bytes.ts";
export { imagesOf, sweepRemovedImages } from "./images/sweep-removed-images.ts";
export { pullImages, pushImages, type TransferProgress } from "./images/transfer-images.ts";
export { verifyImages } from "./images/verify-images.ts";
