import { type ClassValue, clsx } from 'clsx';
import { twMerge } from 'tailwind-merge';

/** Class names together; of two that say the same thing the later one holds. */
export function cx(...classes: ClassValue[]): string {
  return twMerge(clsx(classes));
}
