import { CodepiperError } from '@codepiper/core/errors.ts';
import type { FastifyInstance } from 'fastify';

/**
 * Bodies are JSON in UTF-8 and nothing else. An empty one is no body. Other content types are refused: a web page
 * may send those to any server without being asked.
 */
export function addJsonParser(app: FastifyInstance): void {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    async (request: { headers: Headers }, body: Buffer) => {
      if (body.length === 0) return undefined;
      const type = request.headers['content-type'] ?? '';
      if (!/^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(type)) {
        const message = `The body must be JSON: send it with Content-Type: application/json, not "${type}".`;
        throw new CodepiperError('invalid_request', message);
      }
      return parse(decoder, body);
    },
  );
}

interface Headers {
  'content-type'?: string;
}

function parse(decoder: InstanceType<typeof TextDecoder>, body: Buffer): unknown {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    throw new CodepiperError('invalid_json', 'The body is not valid UTF-8.');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CodepiperError('invalid_json', `The body is not valid JSON: ${(error as Error).message}`);
  }
}
