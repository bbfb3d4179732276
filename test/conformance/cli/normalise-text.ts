const AGO = String.raw`(?:Less than a second|About an? (?:minute|hour)|\d+ (?:second|minute|hour|day|week|month|year)s?)`;

/** Replaces what differs between any two runs of a command line by a name for its kind; the widths of columns too. */
export function normaliseText(text: string): string {
  return (
    text
      .replaceAll(/sha256:[0-9a-f]{64}/g, '<sha256>')
      .replaceAll(/\b[0-9a-f]{64}\b/g, '<hex64>')
      .replaceAll(/\b[0-9a-f]{12}\b/g, '<hex12>')
      .replaceAll(/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, '<mac>')
      .replaceAll(/\b(172\.\d+|192\.168)\.\d+\.\d+\b/g, '<ip>')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?( UTC)?/g, '<time>')
      .replaceAll(new RegExp(`Up ${AGO}`, 'g'), 'Up <long>')
      .replaceAll(new RegExp(`${AGO} ago`, 'g'), '<long> ago')
      .replaceAll(/\/var\/[a-z]*\/?[\w./-]*?(?=\/(containers|volumes|netns|snapshots|overlay2)\/)/g, '<root>')
      .replaceAll(/\/tmp\/gantry-cli-\w{6}/g, '<folder>')
      // Docker: a copy that is given up early may tell of it or not.
      .replaceAll(/^time="[^"]*" level=error msg="Can't (add file|close tar writer).*\n/gm, '')
      // Its own words when the answer and the end came before it had said that nothing more comes.
      .replaceAll(/time="?<?[^" ]*>?"? level=error msg="error while CloseWrite \(stdin to stream\).*\n/g, '')
      .replaceAll(/ {2,}/g, '  ')
      .replaceAll(/ +(\r?)$/gm, '$1')
  );
}
