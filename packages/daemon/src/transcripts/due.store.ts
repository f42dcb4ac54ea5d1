/** When the last word of conversation `c` was said; when it was last read where no line tells a time. */
export const lastWord =
  'coalesce(c.last_at, (SELECT max(last_read) FROM files WHERE conversation = c.id), 0)';

/**
 * Conversations whose last word is older than a time (first value) and that belong to none of the sessions (second
 * value, as JSON), as far as anything of them is left to remove.
 */
export const dueConversations = `
  FROM conversations AS c WHERE ${lastWord} < ?
    AND NOT EXISTS (SELECT 1 FROM session_conversations AS s WHERE s.conversation = c.id
      AND s.session_id IN (SELECT value FROM json_each(?)))
    AND (EXISTS (SELECT 1 FROM files AS f WHERE f.conversation = c.id
        AND (f.pruned_at IS NULL OR f.archive_path IS NOT NULL))
      OR EXISTS (SELECT 1 FROM entries AS e WHERE e.conversation = c.id))`;
