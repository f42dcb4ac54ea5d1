import '../styles.css';
import type { terminalPaths } from '@codepiper/core/terminals/terminal.endpoints.ts';
import { createRoot } from 'react-dom/client';
import { connect } from '../terminal/connection.ts';
import { Page } from './page.tsx';

/** Written out, for the schemas beside it stay out of the page; the type says when it is another. */
const socketPath: (typeof terminalPaths)['socket'] = '/terminals/ws';

const address = new URL(socketPath, location.href);
address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
const connection = connect(() => new WebSocket(address));
const root = document.getElementById('root');
if (root) createRoot(root).render(<Page connection={connection} />);
