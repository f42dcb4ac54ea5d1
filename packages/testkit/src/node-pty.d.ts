/**
 * What we use of node-pty. Its prebuilt edition, which is installed under this name, declares its types for its own
 * name only, so that TypeScript does not find them here.
 */
declare module 'node-pty' {
  export interface IPty {
    readonly pid: number;
    onData(listener: (data: string) => void): void;
    onExit(listener: (exit: { exitCode: number; signal?: number }) => void): void;
    write(data: string): void;
    resize(cols: number, rows: number): void;
    kill(signal?: string): void;
  }

  export function spawn(
    file: string,
    args: string[],
    options: { name: string; cwd: string; cols: number; rows: number; env: NodeJS.ProcessEnv },
  ): IPty;
}
