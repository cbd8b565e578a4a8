// Motion that helps, and none for who asked their system for less.

const query = window.matchMedia('(prefers-reduced-motion: no-preference)');

/** Whether things may move. */
export const mayMove = () => query.matches;
