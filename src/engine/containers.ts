/*
 * The life of containers: made, started, stopped, renamed, removed; and their execs. Others use
 * what stands here, and nothing behind it.
 */

export { connectNetwork } from "./containers/connect-network.ts";
export { disconnectNetwork } from "./containers/disconnect-network.ts";
export { createContainer } from "./containers/create-container.ts";
export { announceMounts, announceUnmounts } from "./containers/announce-resources.ts";
export { afterEnd } from "./containers/after-end.ts";
export {
  announceExecDetach,
  createExec,
  type ExecProcess,
  findExec,
  resizeExec,
  startExec,
} from "./containers/exec.ts";
export { followPolicies } from "./containers/follow-policies.ts";
export { watchHealth } from "./containers/health.ts";
export { noteEnd } from "./containers/note-end.ts";
export { linkName, removeLink } from "./containers/links.ts";
export { renewNames } from "./containers/move-names.ts";
export { openRun } from "./containers/open-run.ts";
export { pauseContainer, unpauseContainer } from "./containers/pause-container.ts";
export { readContainerLog } from "./containers/read-container-log.ts";
export { removeContainer, removeOnRequest } from "./containers/remove-container.ts";
export { renameContainer } from "./containers/rename-container.ts";
export { resizeContainer } from "./containers/resize-container.ts";
export { runOf } from "./containers/run-of.ts";
export { startContainer } from "./containers/start-container.ts";
export { killContainer, restartContainer, stopContainer } from "./containers/stop-container.ts";
export { supervise } from "./containers/supervise.ts";
export { updateContainer } from "./containers/update-container.ts";
export { watchMemory } from "./containers/watch-memory.ts";
export { whileAwake } from "./containers/while-awake.ts";
