import type { Command, ParsedScript, Redirect, Redirection, SyntaxNode, TestBinaryExpression } from 'unbash';
import { forEachChild, parse } from 'unbash';
import { unknownText } from '../parts.ts';
import type { Tainted } from './arithmetic.ts';
import { arithmeticProblem, hasCommandInSubscript, taintedBy } from './arithmetic.ts';
import { isDispatchTable } from './environment.ts';
import type { Scope } from './programs.ts';
import { runProgram } from './programs.ts';
import type { Reading } from './script.ts';
import type { Arg } from './words.ts';
import { isKnown, readWord } from './words.ts';

/** Scripts and wrappers within each other, at most. */
export const mostDepth = 20;

const comparisons = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge']);
const plainParameter = /^(?:[A-Za-z_]\w*|\d+|[@*#?$!-])$/;

/** Walks one script's tree. */
export class Walk {
  readonly #reading: Reading;
  readonly #scope: Scope;
  readonly #script: ParsedScript;
  readonly #source: string;
  readonly #tainted: Tainted;
  /** Functions that are sure to be defined, and from which place on. */
  readonly #functions = new Map<string, number>();
  #decoded = 0;

  constructor(reading: Reading, scope: Scope, script: ParsedScript, source: string) {
    this.#reading = reading;
    this.#scope = scope;
    this.#script = script;
    this.#source = source;
    this.#tainted = script.errors?.length ? scope.tainted : taintedBy(script, scope.tainted);
  }

  start(): void {
    if (!this.#tainted.isUndefining) this.#collectFunctions();
    this.#visit(this.#script, this.#scope.depth);
  }

  #collectFunctions(): void {
    for (const { command, background } of this.#script.commands) {
      if (command.type !== 'Function' || background) continue;
      const name = command.name.value;
      if (!this.#functions.has(name)) this.#functions.set(name, command.pos);
    }
  }

  #visitChildren(node: SyntaxNode, depth: number): void {
    forEachChild(node, (child) => this.#visit(child, depth));
  }

  #refuse(text: string, why: string): void {
    this.#reading.unreadable(text, why);
  }

  #visit(node: SyntaxNode, depth: number): void {
    switch (node.type) {
      case 'Script':
        this.#visitScript(node, depth);
        return;
      case 'Command':
        this.#visitCommand(node, depth);
        return;
      case 'CommandExpansion':
      case 'ProcessSubstitution':
      case 'ArithmeticCommandExpansion':
        if (!node.script) this.#refuse(node.text, 'a command inside it cannot be read');
        break;
      case 'Redirect':
        this.#redirect(node);
        break;
      case 'Function':
      case 'While':
      case 'For':
      case 'Select':
        this.#reading.isRepeated = true;
        if (node.type === 'For' || node.type === 'Select')
          this.#reading.variable(node.name.value, unknownText, true);
        break;
      case 'ArithmeticFor':
        this.#reading.isRepeated = true;
        break;
      case 'Assignment':
        if (node.index && isDispatchTable(node.name))
          this.#refuse(node.text, `${node.name} decides what a command name runs`);
        if (node.index) this.#arithmetic(node.index.text);
        break;
      case 'ParameterExpansion':
        this.#expansion(node);
        break;
      case 'ExtendedGlob':
        // zsh runs code in `*(e:…:)` and `*(+name)`; a list of names is a list in both shells.
        if (/[e+#]/.test(node.pattern) && !/^[\w.*?-]*(?:\|[\w.*?-]*)+$/.test(node.pattern))
          this.#refuse(node.text, 'zsh may run code in this file pattern');
        break;
      case 'Word':
        if (/^=[^=~]/.test(node.text)) this.#refuse(node.text, 'zsh replaces =name by a path');
        break;
      case 'AnsiCQuoted':
        if (this.#scope.dialect === 'sh') this.#refuse(node.text, "sh does not read $'…' as bash does");
        break;
      case 'TestCommand':
        if (this.#scope.dialect === 'sh') this.#refuse('[[ … ]]', 'sh does not read [[ … ]] as bash does');
        break;
      case 'TestBinary':
        this.#test(node);
        break;
      case 'TestUnary':
        if (hasCommandInSubscript(node.operand.value) && !/^-[nz]$/.test(node.operator))
          this.#refuse(node.operand.text, 'a test may run the command in this subscript');
        break;
      case 'ArithmeticCommand':
        if (this.#scope.dialect === 'sh') this.#refuse('(( … ))', 'sh runs what stands in (( … ))');
        break;
      case 'ArithmeticWord':
        this.#arithmetic(node.value);
        break;
    }
    this.#visitChildren(node, depth);
  }

  #visitScript(script: ParsedScript, depth: number): void {
    const [error] = script.errors ?? [];
    if (error) {
      const where = script === this.#script ? this.#source : this.#slice(script);
      // zsh may read it all the same: what we can make out is still held against the rules that deny.
      this.#refuse(where, `it is no shell script we can read: ${error.message}`);
    }
    if (depth > mostDepth) {
      this.#refuse(this.#slice(script), `it is nested more than ${mostDepth} levels deep`);
      return;
    }
    // Places in a script within escaped backticks count from its own beginning.
    const isDecoded = script.source !== undefined;
    if (isDecoded) this.#decoded++;
    this.#visitChildren(script, depth + 1);
    if (isDecoded) this.#decoded--;
  }

  #slice(node: SyntaxNode): string {
    return this.#decoded > 0 ? this.#source : this.#source.slice(node.pos, node.end);
  }

  #arithmetic(text: string): void {
    const problem = arithmeticProblem(text, this.#tainted);
    if (problem) this.#refuse(text, problem);
  }

  #test(node: TestBinaryExpression): void {
    if (!comparisons.has(node.operator)) return;
    this.#arithmetic(node.left.text);
    this.#arithmetic(node.right.text);
  }

  #expansion(node: Extract<SyntaxNode, { type: 'ParameterExpansion' }>): void {
    const { operation } = node;
    const isNames = operation?.type === 'Names' || /^\$\{!\w+\[[@*]\]\}$/.test(node.text);
    if (node.prefix === '!' && !isNames)
      this.#refuse(node.text, 'which variable it means is only known when it runs');
    if (!plainParameter.test(node.parameter) || operation?.type === 'Unknown')
      this.#refuse(node.text, 'this expansion means different things to different shells');
    if (operation?.type === 'Transform' && !/^[QEAaUuLkK]$/.test(operation.operand.text))
      this.#refuse(node.text, 'it may run what the value holds');
    if (operation?.type === 'Default' && operation.operator.endsWith('='))
      this.#reading.variable(node.parameter, unknownText, true);
    if (operation?.type === 'Slice') {
      this.#arithmetic(operation.offset.text);
      if (operation.length) this.#arithmetic(operation.length.text);
    }
    if (node.index && !/^[@*]$/.test(node.index.text)) this.#arithmetic(node.index.text);
  }

  #redirect(node: Redirect): void {
    if (!node.target) {
      this.#refuse(node.operator, 'where it is redirected to is missing');
      return;
    }
    const target = readWord(node.target, this.#reading.variables);
    const isCopy = node.operator === '>&' || node.operator === '<&';
    if (isCopy && /^(?:\d+-?|-)$/.test(target.text)) return;
    // zsh: `>!file` overwrites file.
    const arg = target.shown.startsWith('!') ? { ...target, text: unknownText, isGlob: false } : target;
    if (node.operator.startsWith('<')) this.#reading.file('read', arg, false);
    if (node.operator !== '<' && node.operator !== '<&') this.#reading.file('write', arg, false);
  }

  #visitCommand(node: Command, depth: number): void {
    this.#visitChildren(node, depth);
    const reading = this.#reading;
    for (const prefix of node.prefix) {
      if (prefix.type !== 'Assignment') continue;
      reading.variable(prefix.name, this.#valueOf(prefix.text), node.name === undefined);
    }
    if (!node.name) return;
    const args = [node.name, ...node.args].map((word) =>
      word.type === 'Word' ? readWord(word, reading.variables) : this.#assignment(word.text),
    );
    const program = args[0]?.text ?? '';
    const definedAt = this.#functions.get(program);
    const isFunction = this.#decoded === 0 && definedAt !== undefined && definedAt < node.pos;
    runProgram(reading, args, {
      ...this.#scope,
      depth,
      tainted: this.#tainted,
      isFunction,
      stdin: this.#input(node.redirects),
    });
  }

  /** `NAME=value` as an argument: known when nothing in it is expanded. */
  #assignment(text: string): Arg {
    const value = this.#valueOf(text);
    const name = text.slice(0, text.indexOf('=') + 1);
    return { text: `${name}${value}`, shown: text, isGlob: false, isPipe: false };
  }

  #valueOf(assignment: string): string {
    const raw = assignment.slice(assignment.indexOf('=') + 1);
    if (raw === '') return '';
    const { commands, errors } = parse(`x ${raw}`);
    const command = commands[0]?.command;
    const isWord = !errors?.length && command?.type === 'Command' && command.suffix.length === 1;
    const word = isWord ? command.args[0] : undefined;
    return word?.type === 'Word' ? readWord(word, this.#reading.variables).text : unknownText;
  }

  /** What a command reads on its standard input; null when it is not written here. */
  #input(redirects: readonly Redirection[]): Scope['stdin'] {
    let input: Scope['stdin'] = null;
    for (const redirect of redirects) {
      if (redirect.descriptor?.type === 'FileDescriptor' && redirect.descriptor.value !== 0) continue;
      if (redirect.type === 'HereDoc') {
        const { body, delimiter } = redirect;
        const isPlain = delimiter?.quoted || (!body.parts && !body.text.includes('\\'));
        input = isPlain
          ? { text: redirect.operator === '<<-' ? body.text.replace(/^\t+/gm, '') : body.text }
          : null;
      } else if (redirect.type === 'HereString') {
        const word = redirect.target ? readWord(redirect.target, this.#reading.variables).text : unknownText;
        input = isKnown(word) ? { text: word } : null;
      } else if (redirect.operator.startsWith('<') && redirect.target) {
        input = { file: readWord(redirect.target, this.#reading.variables) };
      }
    }
    return input;
  }
}
