/** Puts a name below an absolute directory. */
export function below(directory: string, name: string): string {
  return `${directory.replace(/\/+$/, '')}/${name}`;
}

/** An absolute path without a slash at its end; `/` stays. */
export function trimSlash(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

/** The directory and all above it, up to `/`. */
export function withAncestors(directory: string): string[] {
  const found: string[] = [];
  let path = trimSlash(directory);
  while (path !== '/' && path !== '') {
    found.push(path);
    path = path.slice(0, path.lastIndexOf('/')) || '/';
  }
  return [...found, '/'];
}
