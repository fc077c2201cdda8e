/** The user-mode network that every machine has of its own, as its guest sees it. */
export const guestNetwork = {
  address: "10.0.2.15/24",
  gateway: "10.0.2.2",
  nameserver: "10.0.2.3",
};
