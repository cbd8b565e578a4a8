// Light or dark, as the system says. The style sheets ask for themselves; this
// is for the pictures, which the core paints.

const query = window.matchMedia('(prefers-color-scheme: dark)');

class Theme {
  dark = $state(query.matches);

  constructor() {
    query.addEventListener('change', (event) => {
      this.dark = event.matches;
    });
  }
}

export const theme = new Theme();
