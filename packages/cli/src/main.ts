import { processIo } from './io.ts';
import { run } from './run.ts';
import { UsageError } from './usage-error.ts';

function main(): void {
  let io: ReturnType<typeof processIo>;
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
  });
}

main();
