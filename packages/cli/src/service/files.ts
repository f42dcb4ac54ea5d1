export const launchdLabel = 'dev.codepiper.daemon';

/**
 * A systemd user unit that runs the daemon. `KillMode=process`: sessions live on in their tmux server when the
 * daemon is stopped or replaced.
 */
export function systemdUnit(self: readonly string[], env: Readonly<Record<string, string>>): string {
  const variables = Object.entries(env).map(
    ([key, value]) => `Environment=${systemdWord(`${key}=${value}`)}\n`,
  );
  return `[Unit]
Description=codepiper daemon
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=exec
ExecStart=${[...self, 'daemon', 'start'].map((word) => systemdWord(word).replaceAll('$', '$$$$')).join(' ')}
${variables.join('')}Restart=on-failure
RestartSec=2
KillMode=process
TimeoutStopSec=30

[Install]
WantedBy=default.target
`;
}

/** Quoted so that systemd reads it as it is: no escapes, no specifiers. */
function systemdWord(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('%', '%%');
  return `"${escaped}"`;
}

/** A launchd agent that runs the daemon at login and again when it crashes; its children are left alone. */
export function launchdAgent(self: readonly string[], env: Readonly<Record<string, string>>): string {
  const strings = (words: readonly string[]) =>
    words.map((word) => `    <string>${xml(word)}</string>\n`).join('');
  const pairs = Object.entries(env)
    .map(([key, value]) => `    <key>${xml(key)}</key>\n    <string>${xml(value)}</string>\n`)
    .join('');
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${launchdLabel}</string>
  <key>ProgramArguments</key>
  <array>
${strings([...self, 'daemon', 'start'])}  </array>
  <key>EnvironmentVariables</key>
  <dict>
${pairs}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>AbandonProcessGroup</key>
  <true/>
</dict>
</plist>
`;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
