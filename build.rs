//! Writes which Chinese characters are forms of one another, for `src/fold/han.rs`, and builds the
//! page at the root from `web/` with npm, into the folder that `src/http/playground.rs` takes into
//! the binary. Where that cannot be done the folder stays empty, and a plain page says
//! why. `HUTONG_WEB=off` leaves npm alone; `HUTONG_WEB=require` fails the build instead.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// What the page is made of. The README has the examples.
const SOURCES: [&str; 9] = [
    "README.md",
    "web/.npmrc",
    "web/build",
    "web/index.html",
    "web/package.json",
    "web/package-lock.json",
    "web/src",
    "web/tsconfig.json",
    "web/vite.config.ts",
];
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=HUTONG_WEB");
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let table = zhhz::data::dict_text("TSCharacters").ok_or("OpenCC's table is missing")?;
    fs::write(out.join("han.rs"), format!("{:?}", forms(table)))?;
    let wanted = env::var("HUTONG_WEB").unwrap_or_default();
    let built = match wanted.as_str() {
        "off" => Err("it was built with HUTONG_WEB=off".to_owned()),
        "" | "require" => build(&out).map_err(|why| why.to_string()),
        other => {
            return Err(format!("HUTONG_WEB is \"{other}\"; it is \"off\" or \"require\"").into());
        }
    };
    if let Err(missing) = &built {
        if wanted == "require" {
            return Err(format!("the playground cannot be built: {missing}").into());
        }
        for line in missing.lines() {
            println!("cargo:warning=the plain page stands in for the playground: {line}");
        }
        empty(&out.join("playground"))?;
    }
    let missing = built.err().unwrap_or_default();
    println!("cargo:rustc-env=HUTONG_WEB_MISSING={}", missing.lines().next().unwrap_or_default());
    Ok(())
}

/// The characters of OpenCC's table that have another form, each with the first of its forms. A line
/// of the table is a traditional character and the simplified ones it became.
fn forms(table: &str) -> Vec<(char, char)> {
    let mut first = BTreeMap::<char, char>::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let words = line.split_whitespace();
        let forms = words.filter_map(|word| word.parse::<char>().ok()).collect::<Vec<_>>();
        let known = |form: &char| first.get(form).copied().unwrap_or(*form);
        let firsts = forms.iter().map(known).collect::<Vec<_>>();
        let Some(smallest) = firsts.iter().min().copied() else { continue };
        first.extend(forms.into_iter().map(|form| (form, smallest)));
        for one in first.values_mut().filter(|one| firsts.contains(one)) {
            *one = smallest;
        }
    }
    first.into_iter().filter(|(form, one)| form != one).collect()
}

/// Builds from a copy, so that the source tree stays as it is.
fn build(out: &Path) -> Result<(), Box<dyn Error>> {
    let root = out.join("source");
    let web = root.join("web");
    for source in SOURCES {
        let target = root.join(source);
        // What was deleted since must not be built in.
        if target.is_dir() {
            fs::remove_dir_all(&target)?;
        }
        copy(Path::new(source), &target)?;
    }
    let lock = fs::read(web.join("package-lock.json"))?;
    let installed = out.join("installed.json");
    if fs::read(&installed).ok().as_ref() != Some(&lock) {
        // Nothing of what is installed needs a script of its own.
        let install = ["ci", "--omit=dev", "--ignore-scripts", "--prefer-offline"];
        let patience = ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"];
        // An attempt that fails leaves half of it.
        fs::write(&installed, "")?;
        npm(&web, &[&install[..], &patience].concat())?;
        fs::write(&installed, lock)?;
    }
    let page = out.join("playground");
    empty(&page)?;
    let page = page.to_str().ok_or("the build folder's name is not Unicode")?;
    npm(&web, &["run", "build", "--", "--logLevel", "warn", "--outDir", page])
}

fn npm(folder: &Path, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let output = Command::new(NPM).args(arguments).current_dir(folder).output();
    let output = output.map_err(|why| format!("npm was not found when it was built ({why})"))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!("`npm {}` failed when it was built\n{told}", arguments[0]).into())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        return fs::copy(from, to).map(|_| ());
    }
    fs::read_dir(from)?.try_for_each(|entry| {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))
    })
}

fn empty(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)
}
