import { unlock } from '../admin/admin-client.ts';

/** Asks for `admin.token`. */
export function Lock() {
  return (
    <main class="lock">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          unlock(String(new FormData(event.currentTarget).get('token')).trim());
        }}
      >
        <h1>Holdfast inspector</h1>
        <label>
          Token of the admin listener
          <input name="token" type="password" autocomplete="off" required autofocus />
        </label>
        <button type="submit" class="strong">
          Open
        </button>
        <p class="note">
          It is the setting <code>admin.token</code>, and is kept until this tab is closed.
        </p>
      </form>
    </main>
  );
}
