import { type ProcessIo, processIo } from './io.ts';
import { run } from './run.ts';
import { UsageError } from './usage-error.ts';

function main(): void {
  let io: ProcessIo;
  try {
    io = processIo();
  } catch (error) {
    // A bad CODEPIPER_ variable; a folder that is gone.
    console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
    return;
  }
  run(process.argv.slice(2), io).then((code) => {
    process.exitCode = code;
    // Nothing is under way any more; until Node has seen that for itself and taken everything down, a millisecond
    // or two go by. Text that its reader has not taken yet, or a word to the process that started us, goes out first.
    if (io.isWritten && !process.connected) process.exit();
  });
}

main();
