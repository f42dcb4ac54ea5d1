/** Reads the `data` of server-sent events from text that comes in pieces, cut anywhere. */
export class SseReader {
  private rest = '';
  private data: string[] = [];

  /** Data of the events that this piece completes, in order. Comments and other fields are passed over. */
  push(piece: string): string[] {
    // A CR at the very end may be half of a CRLF: it waits for the next piece.
    const text = this.rest + piece;
    const whole = text.endsWith('\r') ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\r|\n/);
    this.rest = (lines.pop() ?? '') + text.slice(whole.length);
    const events: string[] = [];
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) events.push(this.data.join('\n'));
        this.data = [];
      } else if (line.startsWith('data:')) {
        this.data.push(line.slice(line[5] === ' ' ? 6 : 5));
      }
    }
    return events;
  }
}
