import { shellQuote } from './pane-folder.ts';

/**
 * The programs that carry an agent's hook to the daemon and its answer back. Agents let a tool run when its hook fails
 * in almost any way, so that every way out of here but two is a refusal in words: the daemon's own answer, and its own
 * word that it has none.
 */

/** Longest time a hook waits for its answer, in seconds: less than what agents are told, more than approvals live. */
const longestWait = 85_000;

/** Status with which the script says that it has told why; any other end of it is nobody's intention. */
const refused = 3;

/**
 * Asks the daemon: `sh decide.sh <folder>`, a hook's JSON on stdin. `<folder>/decide` holds what it needs.
 *
 * - The daemon answers 200 with a line `codepiper 1 answer` and a second line, the JSON object the hook prints; or with
 *   the one line `codepiper 1 silence`, for no decision. A line has an end, so that half an answer is none. Nothing else
 *   is printed, ever.
 * - A daemon that is away, or goes away while the hook waits, is asked again under the same request id, as long as it
 *   was not gone for longer than the patience. An answer that took its time shows that it was there.
 * - Everything else ends with 3 and a sentence on stderr, or with silence where the person chose the agent's own rules
 *   for a daemon that cannot be asked. One that turns the call away (HTTP 4xx) was asked.
 * - The payload stays in memory, and the token in files only their owner can read.
 */
export const decideScript = `#!/bin/sh
decide_fallback=deny
deny() {
  printf 'codepiper: %s\\n' "$1" >&2
  exit ${refused}
}
refuse() {
  [ "$decide_fallback" = agent ] && exit 0
  deny "$1"
}
umask 077
# A PATH may begin in the repository.
PATH=/usr/bin:/bin:$PATH
[ -r "$1/decide" ] || refuse "denied: the files of this session are gone from $1. End the agent and start a new session."
. "$1/decide"
decide_payload=$(cat) || refuse 'denied: the call could not be read from the agent.'
[ -n "$decide_payload" ] || refuse 'denied: the agent sent no call with its hook.'
decide_id=
{ read -r decide_id </proc/sys/kernel/random/uuid; } 2>/dev/null
[ -n "$decide_id" ] || decide_id=$(od -An -N16 -tx1 /dev/urandom 2>/dev/null | tr -d ' \\n')
[ -n "$decide_id" ] || refuse 'denied: this machine gives no random numbers (/dev/urandom).'
[ -x "$decide_curl" ] || decide_curl=
[ -x "$decide_node" ] || decide_node=$(command -v node)
[ -n "$decide_curl$decide_node" ] ||
  refuse 'denied: there is neither curl nor node to reach the daemon with. Install curl.'

ask() {
  if [ -n "$decide_curl" ]; then
    "$decide_curl" -q -K "$1/decide.curl" -H "X-Codepiper-Request: $decide_id" 2>/dev/null
  else
    "$decide_node" "$decide_client" "$1/decide.curl" "$decide_id" 2>/dev/null
  fi
}

decide_since=
while :; do
  decide_reply=$(printf '%s' "$decide_payload" | ask "$1")
  decide_code=$?
  decide_end=\${decide_reply##*"
"}
  decide_reply=\${decide_reply%"
"*}
  decide_status=\${decide_end%% *}
  decide_took=\${decide_end##* }
  decide_took=\${decide_took%%[.,]*}
  if [ "$decide_code" = 0 ] && [ "$decide_status" = 200 ]; then
    case $decide_reply in
      'codepiper 1 silence
') exit 0 ;;
      'codepiper 1 answer
{'*'}
')
        printf '%s' "\${decide_reply#*"
"}"
        exit 0
        ;;
    esac
    refuse 'denied: the daemon gave an answer that is none. Is it of the same version? See: codepiper daemon logs'
  fi
  case $decide_code:$decide_status in
    0:503 | 7:* | 18:* | 52:* | 55:* | 56:*) ;;
    0:*)
      decide_words=$(printf '%s' "$decide_reply" | sed -n 's/.*"error":"\\(\\([^"\\\\]\\|\\\\.\\)*\\)".*/\\1/p' | head -n 1)
      decide_words="denied: the daemon refused to decide (HTTP $decide_status): \${decide_words:-see codepiper daemon logs}"
      # The daemon could be asked, and says that nothing runs by this call.
      case $decide_status in
        4??) deny "$decide_words" ;;
      esac
      refuse "$decide_words"
      ;;
    28:*) refuse 'denied: nobody answered in time.' ;;
    2:* | 127:* | 126:*)
      # A curl that does not know what is asked of it: node does the same.
      if [ -n "$decide_curl" ] && [ -n "$decide_node" ]; then
        decide_curl=
        continue
      fi
      refuse "denied: the daemon could not be asked (status $decide_code of its client)."
      ;;
    *)
      # Killed: it may be asked again, as after a reset.
      [ "$decide_code" -gt 128 ] || refuse "denied: the daemon could not be asked (status $decide_code of its client)."
      ;;
  esac
  decide_now=$(date +%s)
  # Whoever was held for a while had reached a daemon that lived.
  case $decide_took in
    '' | *[!0-9]*) decide_took=0 ;;
  esac
  if [ -z "$decide_since" ] || { [ "$decide_took" -ge 2 ] && [ "$decide_code" != 7 ]; }; then
    decide_since=$decide_now
  fi
  [ $((decide_now - decide_since)) -lt "$decide_patience" ] ||
    refuse "denied: the daemon did not answer for $decide_patience s at $decide_socket. Start it (codepiper daemon start), then try again."
  sleep 0.2 2>/dev/null || sleep 1
done
`;

/**
 * Does for the script what curl would, where there is none: \`node decide-client.cjs <curl's file> <request id>\`, the
 * payload on stdin. Prints the body, a line end, the HTTP status and the seconds it took; ends with curl's own codes.
 */
export const decideClient = `'use strict';
const { readFileSync } = require('node:fs');
const { request } = require('node:http');

const [, , file, id] = process.argv;
const options = { header: [] };
for (const line of readFileSync(file, 'utf8').split('\\n')) {
  const [, name, quoted] = /^([a-z-]+) = (".*")$/.exec(line) ?? [];
  if (name === 'header') options.header.push(JSON.parse(quoted));
  else if (name) options[name] = JSON.parse(quoted);
}
const headers = { 'X-Codepiper-Request': id };
for (const header of options.header) {
  const at = header.indexOf(':');
  const value = header.slice(at + 1).trim();
  if (value) headers[header.slice(0, at)] = value;
}
const started = Date.now();
const payload = readFileSync(0);
headers['Content-Length'] = payload.length;
const end = (code, status, body) => {
  const seconds = ((Date.now() - started) / 1000).toFixed(3);
  process.exitCode = code;
  process.stdout.write(Buffer.concat([body, Buffer.from(\`\\n\${status} \${seconds}\`)]));
};
let isOver = false;
const over = (code, status, body) => {
  if (isOver) return;
  isOver = true;
  clearTimeout(deadline);
  end(code, status, body);
  asked.destroy();
};
const { pathname } = new URL(options.url);
const asked = request({ socketPath: options['unix-socket'], path: pathname, method: 'POST', headers });
const deadline = setTimeout(() => over(28, '000', Buffer.alloc(0)), Number(options['max-time']) * 1000);
asked.on('error', ({ code }) => {
  const isAway = code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'EACCES';
  over(isAway ? 7 : 56, '000', Buffer.alloc(0));
});
asked.on('response', (response) => {
  const chunks = [];
  response.on('data', (chunk) => chunks.push(chunk));
  response.on('error', () => over(18, '000', Buffer.alloc(0)));
  response.on('end', () => over(0, response.statusCode, Buffer.concat(chunks)));
});
asked.end(payload);
`;

export interface DecideOptions {
  /** Path of the daemon's socket. */
  socket: string;
  /** The session's token. */
  token: string;
  /** Seconds a daemon may be away. */
  patience: number;
  /** What a call meets then. */
  fallback: 'deny' | 'agent';
  /** Absolute path of curl; null where there is none that can be used. */
  curl: string | null;
  /** Absolute paths of node and of the file with {@link decideClient}. */
  node: string;
  client: string;
}

/** What the script finds in the session's folder; the token is in it, so the files are for their owner only. */
export function decideFiles(options: DecideOptions): { name: string; content: string }[] {
  const { socket, patience, fallback, curl, node, client, token } = options;
  const variables = { socket, patience: String(patience), fallback, curl: curl ?? '', node, client };
  const shell = Object.entries(variables).map(([name, value]) => `decide_${name}=${shellQuote(value)}\n`);
  return [
    { name: 'decide', content: shell.join('') },
    { name: 'decide.curl', content: curlFile(socket, token) },
  ];
}

/** Options of curl, one in a line; a string of its files takes the escapes of JSON that occur in a path. */
function curlFile(socket: string, token: string): string {
  const options: [name: string, value: string][] = [
    ['unix-socket', socket],
    ['url', 'http://localhost/hooks/decide'],
    ['noproxy', '*'],
    ['header', `Authorization: Bearer ${token}`],
    ['header', 'Content-Type: application/json'],
    // No question before a large body whether it may come.
    ['header', 'Expect:'],
    ['data-binary', '@-'],
    ['max-time', String(longestWait)],
    ['write-out', '\n%{http_code} %{time_total}'],
  ];
  return `silent\n${options.map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`).join('')}`;
}

/**
 * The command an agent is given for a hook that decides. It stands on its command line and holds no secret; it is
 * made for any shell an agent may hand it to. What ends the script otherwise than by its own will, its absence too,
 * ends as a refusal in words, or with nothing said where the agent's own rules are the fallback.
 */
export function decideCommand(script: string, folder: string, fallback: DecideOptions['fallback']): string {
  const sentence =
    'codepiper: denied: the hook that asks the daemon did not run to its end. See: codepiper doctor';
  const otherwise =
    fallback === 'agent'
      ? `{ [ $? -ne ${refused} ] || exit 2; exit 0; }`
      : `{ [ $? -eq ${refused} ] || echo "${sentence}" >&2; exit 2; }`;
  const words = ['/bin/sh', '-c', `/bin/sh "$0" "$1" || ${otherwise}`, script, folder];
  return `exec ${words.map(shellQuote).join(' ')}`;
}
