/** The first argument that starts the program as the one that brings files over, in a mount namespace of its own. */
export const FILES_ROLE = '--internal-files';
