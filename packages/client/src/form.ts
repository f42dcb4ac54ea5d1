/**
 * Files as `multipart/form-data`. By hand, since a blob writes its type in lower case, and the boundaries browsers make
 * have capitals.
 */
export function toForm(files: Readonly<Record<string, File>>): Blob {
  const boundary = `codepiper-${crypto.randomUUID()}`;
  const parts = Object.entries(files).flatMap(([field, file]) => [
    [
      `--${boundary}`,
      `Content-Disposition: form-data; name="${quoted(field)}"; filename="${quoted(file.name)}"`,
      `Content-Type: ${file.type || 'application/octet-stream'}`,
      '\r\n',
    ].join('\r\n'),
    file,
    '\r\n',
  ]);
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` });
}

/** As browsers do it: what would end the name or the line is percent-encoded. */
function quoted(name: string): string {
  return name.replace(/[\r\n"]/g, encodeURIComponent);
}
