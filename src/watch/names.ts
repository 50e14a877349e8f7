// Names that are never a reason to restart, wherever they lie: what tools keep for themselves.

/** Version control, dependencies, caches that interpreters write while they run. */
const EXACT = new Set([
  ...[".git", ".hg", ".svn", ".jj", ".bzr", ".sl", ".pijul", "_darcs", "CVS"],
  ...["node_modules", "__pycache__"],
  ...[".DS_Store", "Thumbs.db", "desktop.ini"],
  "4913", // vim probes with it whether it may write in a directory
]);

/** Swap, backup and half-written files of editors and file systems. */
const PATTERNS = [
  /~$/, // emacs, vim, gedit, kate backups; vim's .un~
  /^\..*\.sw[a-z]$/, // vim
  /\.sw[op]$/,
  /\.kate-swp$/,
  /^\.#/, // emacs locks
  /^#.*#$/, // emacs autosaves
  /___jb_(tmp|old|bak)___$/, // JetBrains
  /^\.subl.*\.tmp$/, // Sublime Text
  /^\.goutputstream-/, // GNOME
  /^\.~lock\..*#$/, // LibreOffice
  /^\.(nfs|fuse_hidden)[0-9a-f]+$/, // removed while open
  /\.py[co]$/,
];

/** Whether a file or directory of this name is never looked at. */
export function isToolName(name: string): boolean {
  return EXACT.has(name) || PATTERNS.some((pattern) => pattern.test(name));
}
