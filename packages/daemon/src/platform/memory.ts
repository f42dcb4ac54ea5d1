import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the room for short-lived objects at the size it has, two megabytes at first. By itself it grows to 32 with the
 * first burst of work (starting fifty sessions takes 12 MB of it) and stays so for as long as the daemon idles. The
 * engine reads this setting whenever it would grow; threads have their own (`startThread`).
 */
export function keepYoungSpaceSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
