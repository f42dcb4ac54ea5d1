import { parentPort } from 'node:worker_threads';
import { type FromScreens, ScreenThread, type ToScreens } from './screen-thread.ts';

/** How long the thread works before it listens, in milliseconds. */
const turnMs = 4;

/** The thread that holds the screens of sessions. Ends when it is told to stop. */
function work(port: NonNullable<typeof parentPort>): void {
  const screens = new ScreenThread((message) => {
    port.postMessage(message, message.type === 'snapshot' ? [message.bytes.buffer] : []);
  });
  let isAwake = false;
  const turn = (): void => {
    const began = performance.now();
    while (screens.isBusy && performance.now() - began < turnMs) screens.step();
    isAwake = screens.isBusy;
    if (isAwake) setImmediate(turn);
  };
  port.on('message', (message: ToScreens) => {
    if (message.type === 'stop') {
      screens[Symbol.dispose]();
      port.close();
      return;
    }
    screens.take(message);
    if (isAwake) return;
    isAwake = true;
    setImmediate(turn);
  });
  port.postMessage({ type: 'ready' } satisfies FromScreens);
}

if (parentPort) work(parentPort);
