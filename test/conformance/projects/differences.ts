/** What Gantry makes otherwise of a project, on purpose. */
export interface Difference {
  readonly project: string;
  readonly why: string;
  /** Beginnings of lines of files that only one of the two has. */
  readonly docker: readonly string[];
  readonly gantry: readonly string[];
}

export const DIFFERENCES: readonly Difference[] = [
  {
    project: 'context: stages by number, name and image',
    why: 'crun makes the place for /dev with the mode of what it mounts there',
    docker: [],
    gantry: ['/dev d 1755 0:0'],
  },
  {
    project: 'files: a program alone, and its steps',
    why: 'crun makes the place for /dev with the mode of what it mounts there',
    docker: [],
    gantry: ['/dev d 1755 0:0'],
  },
  {
    project: 'files: capabilities and attributes',
    why: 'dockerd keeps security.capability alone when it stores a layer, we keep what users have set too',
    docker: ['/attr/x f 644 0:0 0 e3b0c44298fc1c14'],
    gantry: ['/attr/x f 644 0:0 0 e3b0c44298fc1c14 user.empty= user.note=74657874'],
  },
  {
    project: 'files: devices, pipes and sockets',
    why: 'no archive holds a socket: dockerd shows it to later steps and loses it in the end, here it ends with its step',
    docker: ['/copied/socket f 755 0:0 0 e3b0c44298fc1c14', '/seen-later f 644 0:0 27 bca8a6ec7bd72fa7'],
    gantry: ['/seen-later f 644 0:0 20 ab3b157cf1352317'],
  },
];
