// Names that are longer than their place end in an ellipsis; pointing at one
// shows the whole.

import type { Attachment } from 'svelte/attachments';

/** Gives the element its own text as a title while it does not fit. */
export const tellWhole: Attachment<HTMLElement> = (element) => {
  const look = () => {
    if (element.scrollWidth > element.clientWidth) element.title = element.textContent;
    else element.removeAttribute('title');
  };
  element.addEventListener('pointerenter', look);
  return () => element.removeEventListener('pointerenter', look);
};
