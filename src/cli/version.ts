/** What this program is; the build fills in the commit and the time. */
export const release = {
  version: '0.1.0',
  commit: process.env.GANTRY_COMMIT || 'unknown',
  built: process.env.GANTRY_BUILT || '',
};
