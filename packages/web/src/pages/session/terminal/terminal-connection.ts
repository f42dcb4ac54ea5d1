import type { terminalPaths } from '@codepiper/core/terminals/terminal.endpoints.ts';
import { authStore } from '../../../api/auth-store.ts';
import { TicketSocket } from '../../../api/ticket-socket.ts';
import { type Connection, connect } from '../../../terminal/connection.ts';

/** Written out, for the schemas beside it stay out of the page; the type says when it is another. */
const path: (typeof terminalPaths)['socket'] = '/terminals/ws';

let connection: Connection | null = null;

/** The one connection of the page for all its terminals; it lives on between sessions, until the person signs out. */
export function terminalConnection(): Connection {
  connection ??= connect(() => new TicketSocket(path));
  return connection;
}

authStore.subscribe(() => {
  if (authStore.state().stage === 'full' || connection === null) return;
  connection.link.close();
  connection = null;
});
