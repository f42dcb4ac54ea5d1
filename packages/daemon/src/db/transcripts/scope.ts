/** A piece of SQL with the values of its question marks. */
export interface Sql {
  text: string;
  values: (string | number)[];
}

export function joined(pieces: readonly Sql[], between: string): Sql {
  return {
    text: pieces.map(({ text }) => text).join(between),
    values: pieces.flatMap(({ values }) => values),
  };
}

/** Which conversations are meant; all where nothing is said. */
export interface ConversationScope {
  /** Whole id of a session. */
  session?: string | undefined;
  /** `id` of one, with those its agents started. */
  conversation?: number | undefined;
  /** Absolute path of a directory: in it and below. */
  workspace?: string | undefined;
  provider?: string | undefined;
  /** Their numbers in the database. */
  conversations?: readonly number[] | undefined;
}

/**
 * A query for the conversations in scope; null when all are. A session's conversations are its own and those its
 * agents started.
 */
export function conversationsOf({
  session,
  conversation,
  workspace,
  provider,
  conversations,
}: ConversationScope): Sql | null {
  const conditions: Sql[] = [];
  if (conversations !== undefined) {
    conditions.push({
      text: 'id IN (SELECT value FROM json_each(?))',
      values: [JSON.stringify(conversations)],
    });
  }
  if (provider !== undefined) conditions.push({ text: 'provider = ?', values: [provider] });
  if (workspace !== undefined) {
    const path = workspace.length > 1 ? workspace.replace(/\/+$/, '') : workspace;
    const below = path === '/' ? '/' : `${path}/`;
    conditions.push({
      text: '(cwd = ? OR substr(cwd, 1, ?) = ?)',
      values: [path, [...below].length, below],
    });
  }
  if (session !== undefined) {
    const own =
      'SELECT c.id, c.provider, c.conversation_id FROM session_conversations s JOIN conversations c ON c.id = s.conversation WHERE s.session_id = ?';
    conditions.push({ text: `id IN (${withSubAgents(own)})`, values: [session] });
  }
  if (conversation !== undefined) {
    const own = 'SELECT id, provider, conversation_id FROM conversations WHERE id = ?';
    conditions.push({ text: `id IN (${withSubAgents(own)})`, values: [conversation] });
  }
  if (conditions.length === 0) return null;
  const { text, values } = joined(conditions, ' AND ');
  return { text: `SELECT id FROM conversations WHERE ${text}`, values };
}

/** @param own a query for the id, provider and conversation_id of conversations: they, and those their agents started */
export function withSubAgents(own: string): string {
  return `WITH RECURSIVE mine (id, provider, conversation_id) AS (
      ${own}
      UNION SELECT c.id, c.provider, c.conversation_id FROM mine
        JOIN conversations c ON c.provider = mine.provider AND c.parent = mine.conversation_id)
    SELECT id FROM mine`;
}
