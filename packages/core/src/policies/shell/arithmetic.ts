import type { ParsedScript, SyntaxNode, Word } from 'unbash';
import { forEachChild } from 'unbash';

/*
 * A shell evaluates the value of a variable in arithmetic as an expression of its own: with x='a[$(rm y)]', `$((x))`
 * runs rm. Names that were given anything but a number in the same line are therefore not to be trusted there.
 */

/** Names that arithmetic must not meet; `any` when no name can be trusted. */
export interface Tainted {
  names: ReadonlySet<string>;
  any: boolean;
  /** Some of the script may take functions away again. */
  isUndefining: boolean;
}

export const untainted: Tainted = { names: new Set(), any: false, isUndefining: false };

const assigners = new Set([
  'read',
  'mapfile',
  'readarray',
  'printf',
  'getopts',
  'declare',
  'typeset',
  'local',
  'export',
  'readonly',
  'integer',
  'float',
  'let',
  'wait',
  'zparseopts',
  'env',
]);
/** Whether a command may take a function away: then its name is a program's again. */
function undefines(words: readonly string[]): boolean {
  const [program] = words;
  if (program === 'eval' || program === 'source' || program === '.') return true;
  return words.some((word) => /unset|unfunction|disable/.test(word.replace(/['"\\]/g, '')));
}

const sources = new Set(['eval', 'source', '.', 'set', 'shift']);

/** Names given other values than numbers anywhere in a script. */
export function taintedBy(script: ParsedScript, inherited: Tainted): Tainted {
  const names = new Set(inherited.names);
  let any = inherited.any;
  let isUndefining = inherited.isUndefining;
  const isNumber = (word: Word) => /^-?\d+$/.test(word.text) || /^\{-?\d+\.\.-?\d+\}$/.test(word.text);
  const visit = (node: SyntaxNode): void => {
    switch (node.type) {
      case 'Assignment':
        if (node.value.type !== 'Word' || !isNumber(node.value)) names.add(node.name);
        break;
      case 'For':
      case 'Select':
        if (!node.wordlist?.every(isNumber)) names.add(node.name.value);
        break;
      case 'Coproc':
        names.add(node.name?.value ?? 'COPROC');
        break;
      case 'ParameterExpansion':
        if (node.operation?.type === 'Default' && node.operation.operator.endsWith('='))
          names.add(node.parameter);
        break;
      case 'Command': {
        const program = node.name?.value ?? '';
        if (sources.has(program)) any = true;
        if (undefines([program, ...node.args.map((word) => (word.type === 'Word' ? word.value : word.text))]))
          isUndefining = true;
        if (!assigners.has(program)) break;
        names.add('REPLY').add('MAPFILE').add('OPTARG');
        for (const word of node.args) {
          if (word.type !== 'Word') continue;
          if (word.parts?.some((part) => part.type !== 'Literal' && part.type !== 'SingleQuoted')) {
            if (program !== 'printf' && program !== 'let') any = true;
          }
          for (const [name] of word.value.matchAll(/[A-Za-z_]\w*/g)) names.add(name);
        }
        break;
      }
    }
    forEachChild(node, visit);
  };
  visit(script);
  return { names, any, isUndefining };
}

/** Whether a text names an array's element by a command that a shell would run. */
export function hasCommandInSubscript(text: string): boolean {
  const at = text.indexOf('[');
  return at >= 0 && /[$`]/.test(text.slice(at));
}

const numbers = /\b(?:0[xX][0-9a-fA-F]+|\d+(?:#\w+)?)\b/g;

/** Why evaluating a piece of arithmetic may run a command; null when it may not. */
export function arithmeticProblem(text: string, tainted: Tainted): string | null {
  const expression = text.replace(numbers, ' ');
  if (/\$(?:\d|[@*{(]|\[)|`|['"]/.test(text.replace(/\$\{#?[A-Za-z_]\w*\}/g, ' ')))
    return `arithmetic with ${text.trim()} may run what the value holds`;
  for (const [name] of expression.matchAll(/[A-Za-z_]\w*/g)) {
    if (tainted.any || tainted.names.has(name))
      return `arithmetic with the variable ${name} may run what its value holds`;
  }
  return null;
}
