/** The network that a machine has for itself; its VMM makes it, and to others the guest is the host. */
export const userNetwork = {
  subnet: "10.0.2.0/24",
  /** The guest's, with its prefix. */
  address: "10.0.2.15/24",
  gateway: "10.0.2.2",
  nameserver: "10.0.2.3",
};

/**
 * Whom a server in the machine takes for its client when somebody connects to a published TCP port:
 * an address of the network's that nobody has.
 */
export const portClient = "10.0.2.1";
