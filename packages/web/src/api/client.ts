import { createClient } from '@codepiper/client/client.ts';
import { webTransport } from './transport.ts';

/** The API of the daemon that served the page. */
export const client = createClient(webTransport);
