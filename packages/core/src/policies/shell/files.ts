import type { Arg } from './words.ts';
import { literal } from './words.ts';

/** A file a program touches because its arguments say so. */
export interface ImpliedFile {
  access: 'read' | 'write';
  arg: Arg;
}

/** Which files a program's arguments name. */
interface FileUse {
  /**
   * What happens to the operands. last: the last is written, the others read. second: the second is written. moved:
   * all are written, and can be read by another name afterwards.
   */
  operands?: 'read' | 'write' | 'last' | 'second' | 'moved';
  /** Operands before the files: a pattern, a mode. */
  skips?: number;
  /** Options that stand for the skipped operand (`grep -e`). */
  unless?: readonly string[];
  /** Letters and long names whose value is no file. */
  valued?: string;
  writes?: readonly string[];
  reads?: readonly string[];
}

const write: FileUse = { operands: 'write' };
const read: FileUse = { operands: 'read' };
const pattern: FileUse = {
  operands: 'read',
  skips: 1,
  unless: ['-e', '-f', '--regexp', '--file', '--files'],
  valued: 'eABCmgtTdMj',
  reads: ['-f', '--file', '--ignore-file', '--exclude-from'],
};
const copies: FileUse = {
  operands: 'last',
  valued: 'Smogb',
  writes: ['-t', '--target-directory'],
};

const uses: Readonly<Record<string, FileUse>> = {
  rm: write,
  rmdir: write,
  unlink: write,
  touch: { operands: 'write', valued: 'dt', reads: ['-r', '--reference'] },
  mkdir: { operands: 'write', valued: 'm' },
  mkfifo: { operands: 'write', valued: 'm' },
  mknod: { operands: 'write', valued: 'm' },
  truncate: { operands: 'write', valued: 's' },
  shred: { operands: 'write', valued: 'ns' },
  tee: write,
  mv: { operands: 'moved', valued: 'S', writes: ['-t', '--target-directory'] },
  cp: copies,
  install: copies,
  ln: { operands: 'moved', valued: 'S', writes: ['-t', '--target-directory'] },
  link: { operands: 'moved' },
  chmod: { operands: 'write', skips: 1, unless: ['--reference'] },
  chown: { operands: 'write', skips: 1, unless: ['--reference'] },
  chgrp: { operands: 'write', skips: 1, unless: ['--reference'] },
  chattr: { operands: 'write', skips: 1 },
  setfacl: write,
  patch: {
    operands: 'write',
    valued: 'pF',
    writes: ['-o', '--output', '-d', '--directory'],
    reads: ['-i', '--input'],
  },
  sort: {
    operands: 'read',
    valued: 'ktSN',
    reads: ['--files0-from'],
    writes: ['-o', '--output', '-T', '--temporary-directory'],
  },
  wc: { operands: 'read', reads: ['--files0-from'] },
  du: { operands: 'read', valued: 'dBt', reads: ['--files0-from', '-X', '--exclude-from'] },
  file: { operands: 'read', valued: 'eFP', reads: ['-f', '--files-from', '-m', '--magic-file'] },
  uniq: { operands: 'second', valued: 'fsw' },
  xxd: { operands: 'second', valued: 'lscgo' },
  curl: {
    valued: 'HXAbeurmd',
    writes: [
      '-o',
      '--output',
      '--output-dir',
      '-D',
      '--dump-header',
      '-c',
      '--cookie-jar',
      '--trace',
      '--trace-ascii',
    ],
    reads: ['-T', '--upload-file', '-K', '--config', '-E', '--cert', '--key', '--netrc-file'],
  },
  wget: {
    writes: ['-O', '--output-document', '-P', '--directory-prefix', '-o', '--output-file', '-a'],
    reads: ['-i', '--input-file', '--post-file', '--body-file'],
  },
  unzip: { operands: 'read', writes: ['-d'] },
  zip: write,
  gzip: write,
  gunzip: write,
  bzip2: write,
  bunzip2: write,
  xz: write,
  unxz: write,
  zstd: write,
  split: { operands: 'last', valued: 'abCln' },
  rsync: { operands: 'last', writes: ['--log-file'], reads: ['--files-from', '--exclude-from'] },
  scp: { operands: 'last', valued: 'Pcl', reads: ['-i', '-F'] },
  tree: { operands: 'read', valued: 'LPI', writes: ['-o'] },
  yq: { operands: 'read', skips: 1 },
  jq: { operands: 'read', skips: 1, reads: ['-f', '--from-file'] },
  awk: { operands: 'read', skips: 1, valued: 'Fv', reads: ['-f'] },
  gawk: { operands: 'read', skips: 1, valued: 'Fv', reads: ['-f'] },
  grep: pattern,
  egrep: pattern,
  fgrep: pattern,
  zgrep: pattern,
  rg: pattern,
  ag: pattern,
  head: { operands: 'read', valued: 'nc' },
  tail: { operands: 'read', valued: 'nc' },
  cut: { operands: 'read', valued: 'bcdf' },
  diff: { operands: 'read', valued: 'UCx', reads: ['--from-file', '--to-file', '-X', '--exclude-from'] },
  cmp: read,
  comm: read,
  paste: { operands: 'read', valued: 'd' },
  find: read,
  ...Object.fromEntries(
    (
      'cat tac rev less more most bat nl od hexdump strings stat readlink realpath base64 base32 md5sum cksum ' +
      'sha1sum sha224sum sha256sum sha384sum sha512sum shasum column fold fmt expand ls dir vdir source . zcat'
    )
      .split(' ')
      .map((name) => [name, read]),
  ),
};

/** Files that a program's arguments say it reads or writes. */
export function impliedFiles(program: string, args: readonly Arg[]): ImpliedFile[] {
  switch (program) {
    case 'dd':
      return assigned(args, { if: 'read', of: 'write' });
    case 'tar':
    case 'bsdtar':
    case 'gtar':
      return tarFiles(args);
    case 'sed':
    case 'gsed':
      return sedFiles(args);
    case 'find':
      return findFiles(args);
  }
  const use = Object.hasOwn(uses, program) ? uses[program] : undefined;
  if (!use) return [];
  const { operands, files, isSkipped } = sortOut(args, use);
  const rest = operands.slice(isSkipped ? 0 : (use.skips ?? 0));
  const hasTarget = files.some(({ access }) => access === 'write');
  const last = rest.length - 1;
  for (const [at, arg] of rest.entries()) {
    if (use.operands === undefined) break;
    if (arg.text === '-') continue;
    if (use.operands === 'moved' && (at < last || hasTarget)) files.push({ access: 'read', arg });
    const isWritten =
      use.operands === 'write' ||
      use.operands === 'moved' ||
      (use.operands === 'last' && at === last && !hasTarget) ||
      (use.operands === 'second' && at === 1);
    files.push({ access: isWritten ? 'write' : 'read', arg });
  }
  return program === 'ln' ? [...files, ...linkTargets(rest)] : files;
}

/** What a symbolic link means is counted from where it lies, not from the directory of the command. */
function linkTargets(operands: readonly Arg[]): ImpliedFile[] {
  const link = operands.at(-1);
  if (!link?.text.includes('/')) return [];
  const folders = [link.text, link.text.slice(0, link.text.lastIndexOf('/')) || '/'];
  return operands
    .slice(0, -1)
    .filter(({ text }) => !text.startsWith('/'))
    .flatMap((target) => folders.map((folder) => ({ ...target, text: `${folder}/${target.text}` })))
    .map((arg): ImpliedFile => ({ access: 'write', arg }));
}

/** Operands, and the files that options name. */
function sortOut(args: readonly Arg[], use: FileUse) {
  const operands: Arg[] = [];
  const files: ImpliedFile[] = [];
  let isSkipped = false;
  let at = 0;
  const byOption = (name: string, value: Arg | undefined): boolean => {
    if (use.unless?.includes(name)) isSkipped = true;
    const access = use.writes?.includes(name) ? 'write' : use.reads?.includes(name) ? 'read' : null;
    if (access && value) files.push({ access, arg: value });
    return access !== null;
  };
  for (; at < args.length; at++) {
    const arg = args[at];
    if (!arg) continue;
    const { text } = arg;
    if (text === '--') {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (!text.startsWith('-') || text === '-') operands.push(arg);
    else if (text.startsWith('--')) {
      const mark = text.indexOf('=');
      const name = mark < 0 ? text : text.slice(0, mark);
      const full =
        [...(use.writes ?? []), ...(use.reads ?? [])].find((known) => known.startsWith(name)) ?? name;
      const isFile = byOption(full, mark < 0 ? args[at + 1] : { ...arg, text: text.slice(mark + 1) });
      if (isFile && mark < 0) at++;
    } else at += shortOptions(arg, args[at + 1], use, byOption);
  }
  return { operands, files, isSkipped };
}

/** How many further words the letters take. */
function shortOptions(
  arg: Arg,
  next: Arg | undefined,
  use: FileUse,
  byOption: (name: string, value: Arg | undefined) => boolean,
): number {
  for (let i = 1; i < arg.text.length; i++) {
    const name = `-${arg.text.charAt(i)}`;
    const attached = arg.text.slice(i + 1);
    const isFile = byOption(name, attached ? { ...arg, text: attached } : next);
    if (isFile || use.valued?.includes(name.charAt(1))) return attached ? 0 : 1;
  }
  return 0;
}

function assigned(args: readonly Arg[], names: Readonly<Record<string, 'read' | 'write'>>): ImpliedFile[] {
  return args.flatMap((arg) => {
    const mark = arg.text.indexOf('=');
    const access = names[arg.text.slice(0, mark)];
    return access ? [{ access, arg: { ...arg, text: arg.text.slice(mark + 1) } }] : [];
  });
}

function tarFiles(args: readonly Arg[]): ImpliedFile[] {
  const [first, ...rest] = args;
  // Letters without a dash: their values follow in their order.
  const isOld = first !== undefined && /^[A-Za-z]+$/.test(first.text);
  const words = isOld
    ? [literal(`-${first.text.replace(/f/g, '')}${first.text.includes('f') ? 'f' : ''}`), ...rest]
    : args;
  const isExtracted = words.some(({ text }) => /^-[a-zA-Z]*x|^--extract|^--get/.test(text));
  const isMade = words.some(({ text }) =>
    /^-[a-zA-Z]*[cru](?![a-z]*=)|^--(?:create|append|update)/.test(text),
  );
  const archive = isMade ? { writes: ['-f', '--file'] } : { reads: ['-f', '--file'] };
  const inside = isExtracted ? ['-C', '--directory'] : [];
  const { operands, files } = sortOut(words, {
    ...archive,
    writes: [...(archive.writes ?? []), ...inside],
    reads: [
      ...(archive.reads ?? []),
      ...(isExtracted ? [] : ['-C', '--directory']),
      '-T',
      '--files-from',
      '-X',
    ],
  });
  const hasFolder = files.some(({ access }) => access === 'write');
  if (isExtracted && !hasFolder) files.push({ access: 'write', arg: literal('.') });
  if (!isExtracted) for (const arg of operands) files.push({ access: 'read', arg });
  return files;
}

function sedFiles(args: readonly Arg[]): ImpliedFile[] {
  const isInPlace = args.some(({ text }) => /^-[nErsuz]*i|^--in-place/.test(text));
  const { operands, isSkipped, files } = sortOut(args, {
    valued: 'el',
    unless: ['-e', '-f', '--expression', '--file'],
    reads: ['-f', '--file'],
  });
  const access = isInPlace ? 'write' : 'read';
  for (const arg of operands.slice(isSkipped ? 0 : 1)) files.push({ access, arg });
  return files;
}

function findFiles(args: readonly Arg[]): ImpliedFile[] {
  const start = args.findIndex(({ text }) => /^[-(!]/.test(text) && !/^-[HLP]$|^-O\d?$/.test(text));
  const roots = (start < 0 ? args : args.slice(0, start)).filter(({ text }) => !text.startsWith('-'));
  const places = roots.length > 0 ? roots : [literal('.')];
  const isDeleting = args.some(({ text }) => text === '-delete');
  const files: ImpliedFile[] = places.map((arg) => ({ access: isDeleting ? 'write' : 'read', arg }));
  for (const [at, { text }] of args.entries()) {
    const next = args[at + 1];
    if (next && /^-(?:fprint0?|fprintf|fls)$/.test(text)) files.push({ access: 'write', arg: next });
  }
  return files;
}
