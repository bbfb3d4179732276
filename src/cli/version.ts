/** What this program is; the build replaces the commit. */
export const release = { version: '0.1.0', commit: process.env['GANTRY_COMMIT'] || 'unknown', built: '' };
