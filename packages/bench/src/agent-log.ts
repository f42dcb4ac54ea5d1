/** Prose, coloured diffs, tool calls and boxes, in about the shares an agent prints them. */
export function agentLog(lines: number): Uint8Array {
  const kinds = [
    (n: number) => `\x1b[1m●\x1b[m I will read \x1b[36msrc/room-${n}.ts\x1b[m and then change how it starts.`,
    (n: number) => `  \x1b[2m⎿\x1b[m  Read \x1b[1m${n % 300}\x1b[m lines (ctrl+o to expand)`,
    (n: number) => `\x1b[48;2;34;92;43m\x1b[38;5;231m   ${n} + const value = await store.find(${n});\x1b[m`,
    (n: number) => `\x1b[48;2;122;41;54m   ${n} - const value = store.find(${n});\x1b[m`,
    () => '',
    (n: number) => `   ${n}     for (const one of list) total += one.count; // 合計`,
    () => `\x1b[38;5;244m${'─'.repeat(100)}\x1b[m`,
    (n: number) => `\x1b[32m✓\x1b[m test ${n} passes (${n % 97} ms) and the rest of this line is plain text.`,
  ];
  return new TextEncoder().encode(
    Array.from({ length: lines }, (_, n) => kinds[n % kinds.length]?.(n)).join('\r\n'),
  );
}
