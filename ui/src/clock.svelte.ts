// The time of day, once a second, for ages and remaining lives. It stands still
// while the window is hidden.

class Clock {
  /** Unix milliseconds. */
  now = $state(Date.now());

  /** Starts ticking; call what it returns to stop. */
  start(): () => void {
    let timer: ReturnType<typeof setInterval> | undefined;
    const tick = () => {
      this.now = Date.now();
    };
    const follow = () => {
      clearInterval(timer);
      if (document.visibilityState === 'hidden') return;
      tick();
      timer = setInterval(tick, 1_000);
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', follow);
    };
  }
}

export const clock = new Clock();
