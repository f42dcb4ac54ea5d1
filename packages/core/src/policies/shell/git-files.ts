import type { ImpliedFile } from './files.ts';
import type { Arg } from './words.ts';
import { isKnown, literal } from './words.ts';

/** Options of git's verbs whose value is the next word, and is no file. */
const valued =
  /^(?:-[bojc]|--(?:branch|depth|origin|jobs|config|filter|reference|shallow-since|reason|initial-branch|source))$/;

/** Files that a verb of git writes, or shows as they are, because its arguments name them. */
export function gitFiles(verb: string, args: readonly Arg[]): ImpliedFile[] {
  const files: ImpliedFile[] = [];
  const operands: Arg[] = [];
  let end = args.length;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (!arg) continue;
    const { text } = arg;
    // Shortened too: git takes any beginning that means one option.
    const output = /^(?:--outp?u?t?(?:-directory)?(?:=([\s\S]*))?|-o([\s\S]*))$/.exec(text);
    if (output && (text.startsWith('--') || verb === 'archive' || verb === 'format-patch')) {
      const value = output[1] ?? output[2];
      const file = value ? { ...arg, text: value } : args[++at];
      if (file) files.push({ access: 'write', arg: file });
    } else if (text === '--') {
      end = at;
      operands.push(...args.slice(at + 1));
      break;
    } else if (valued.test(text)) at++;
    else if (!text.startsWith('-') || !isKnown(text)) operands.push(arg);
  }
  // Outside a repository `git diff` compares any two files.
  if (verb === 'diff' || verb === 'blame') for (const arg of operands) files.push({ access: 'read', arg });
  for (const arg of written(verb, operands, args.slice(end + 1))) files.push({ access: 'write', arg });
  return files;
}

function written(verb: string, operands: readonly Arg[], behindDashes: readonly Arg[]): readonly Arg[] {
  switch (verb) {
    case 'mv':
    case 'rm':
      return operands;
    case 'checkout':
    case 'restore':
      return verb === 'restore' && behindDashes.length === 0 ? operands : behindDashes;
    case 'init':
      return operands.length > 0 ? operands : [literal('.')];
    case 'clone':
      return operands.slice(1);
    case 'worktree':
    case 'bundle':
    case 'submodule':
      return /^(?:add|create|move|remove)$/.test(operands[0]?.text ?? '') ? operands.slice(1, 3) : [];
    default:
      return [];
  }
}
