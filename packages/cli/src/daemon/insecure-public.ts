/** Said wherever the address of a dashboard is that other machines reach without TLS. */
export const insecurePublicWarning =
  'INSECURE: other machines reach the dashboard without TLS; whoever reads the network can take over the session of whoever signs in.';
