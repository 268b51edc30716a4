use fsimage_plugin_testing::{Image, Item, assert_extents, listing};
use fsimage_sdk::{Format, OpenOptions};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let v = Image::open(std::path::Path::new(&a[1]));
    let o = OpenOptions { options: a.get(2).cloned().unwrap_or_default().into_bytes(), ..Default::default() };
    let fs = fsimage_ufs::UFS.open(&[v.clone()], &o).unwrap();
    eprintln!("{:?}", fs.info().unwrap());
    for (p, i) in listing(&*fs) {
        match i {
            Item::Directory => println!("d ./{p}"),
            Item::File(s, h) => println!("f {s} {h} ./{p}"),
            Item::Link(t) => println!("l ./{p} -> {t}"),
            Item::Other => println!("o ./{p}"),
        }
    }
    eprintln!("{} without extents", assert_extents(&*fs, &*v));
}
