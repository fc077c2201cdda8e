import { type DockerRequest, withDefaults } from "../../records.ts";
import { checkEgress } from "./check-egress.ts";
import { checkConfig } from "./check-config.ts";
import { checkLogging } from "./check-logging.ts";
import { checkMounts, mountWarnings } from "./check-mounts.ts";
import { checkEndpoints, type FindNetwork } from "./check-endpoints.ts";
import { checkAnnotations, checkIsolation, checkNamespaces } from "./check-namespaces.ts";
import { checkNetwork, checkNetworkMode } from "./check-network.ts";
import { checkRestart } from "./check-restart.ts";
import { checkSecurity } from "./check-security.ts";
import { checkScheduling } from "./resources/processors.ts";
import { settleResources } from "./resources/settle-resources.ts";

export interface CheckedRequest {
  /** With Docker's defaults where nothing was asked for. */
  request: DockerRequest;
  /** What the caller is to know of what isn't as it was asked for. */
  warnings: string[];
}

/**
 * Looks at what a container is asked to be, one domain after the other, before anything is looked up
 * or made. What no dockerd takes is refused in its words, what DVM doesn't do in DVM's own, by name.
 */
export function checkRequest(
  asked: DockerRequest,
  { hostCpus, findNetwork }: { hostCpus: number; findNetwork: FindNetwork },
): CheckedRequest {
  const { config, hostConfig } = asked;
  checkNetworkMode(asked);
  checkIsolation(hostConfig);
  checkScheduling(hostConfig);
  checkConfig(config);
  checkRestart(hostConfig);
  checkMounts(hostConfig);
  checkNetwork(asked);
  checkAnnotations(hostConfig);
  checkSecurity(hostConfig);
  const { resources, warnings } = settleResources(hostConfig, { hostCpus, isUpdate: false });
  warnings.push(...checkNamespaces(hostConfig));
  checkEndpoints(asked.endpoints, findNetwork);
  checkLogging(hostConfig);
  checkEgress(config.Labels, hostConfig);
  const settled = withDefaults({ ...hostConfig, ...resources });
  return {
    request: { ...asked, hostConfig: settled },
    warnings: [...warnings, ...mountWarnings(hostConfig)],
  };
}
