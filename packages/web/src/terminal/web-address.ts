/** Programs may print any address; only those a browser opens as a page are offered. */
export function isWebAddress(uri: string): boolean {
  const scheme = URL.canParse(uri) ? new URL(uri).protocol : '';
  return scheme === 'http:' || scheme === 'https:';
}
