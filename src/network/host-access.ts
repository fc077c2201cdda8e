/** Stands for the host on networks of the switch, for those who may reach it. */
export const hostAccessAddress = "100.64.0.1";
