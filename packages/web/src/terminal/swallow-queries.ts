import type { Terminal } from '@xterm/xterm';

/**
 * Takes away what a program asks its terminal: tmux has answered it, and an answer of ours would be typed into the
 * program a second time. Also the clipboard (OSC 52): a program may not write into that of everybody who watches.
 */
export function swallowQueries({ parser }: Terminal): void {
  const swallow = () => true;
  const asks = (data: string) => data.split(';').includes('?');
  // DA1, DA2, DA3
  parser.registerCsiHandler({ final: 'c' }, swallow);
  parser.registerCsiHandler({ prefix: '>', final: 'c' }, swallow);
  parser.registerCsiHandler({ prefix: '=', final: 'c' }, swallow);
  // XTVERSION
  parser.registerCsiHandler({ prefix: '>', final: 'q' }, swallow);
  // DSR, CPR and their private forms
  parser.registerCsiHandler({ final: 'n' }, swallow);
  parser.registerCsiHandler({ prefix: '?', final: 'n' }, swallow);
  // DECRQM
  parser.registerCsiHandler({ intermediates: '$', final: 'p' }, swallow);
  parser.registerCsiHandler({ prefix: '?', intermediates: '$', final: 'p' }, swallow);
  // Keyboard protocol
  parser.registerCsiHandler({ prefix: '?', final: 'u' }, swallow);
  // DECREQTPARM
  parser.registerCsiHandler({ final: 'x' }, swallow);
  // Window reports; 22 and 23 keep titles and ask nothing.
  parser.registerCsiHandler({ final: 't' }, ([what]) => what !== 22 && what !== 23);
  // DECRQSS, XTGETTCAP
  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, swallow);
  parser.registerDcsHandler({ intermediates: '+', final: 'q' }, swallow);
  // Colours: setting them is fine.
  for (const code of [4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]) parser.registerOscHandler(code, asks);
  parser.registerOscHandler(52, swallow);
}

/** A report to the program that the emulator makes by itself; keys never look like this. */
export function isReport(data: string): boolean {
  return reports.test(data);
}

/** Focus in and out, answers that end in c, n, R, t, x, y or u behind numbers, DCS and OSC. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences begin with one
const reports = /^\x1b(?:\[[IO]$|\[[?>=]?\d[\d;]*\$?[cnRtxyu]|[P\]])/;
