import { CodepiperError } from '@codepiper/core/errors.ts';

/** Somebody is asked who they are: true when they proved it, false when they gave up. */
type Ask = () => Promise<boolean>;
let ask: Ask = () => Promise.resolve(false);

/** The dialog that asks says how. */
export function whenAsked(asker: Ask): void {
  ask = asker;
}

/** Does what may be dangerous; when the daemon wants to know again who is there, asks and does it once more. */
export async function withProof<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof CodepiperError) || error.code !== 'reauthentication_required') throw error;
    if (await ask()) return action();
    throw error;
  }
}
