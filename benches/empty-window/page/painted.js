// The same moment that Perch tells: two frames after the content is there.
requestAnimationFrame(() => requestAnimationFrame(() => window.__TAURI__.core.invoke("painted")));
