// SPDX-License-Identifier: MPL-2.0

package inspect

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// elfMachines returns Go's names of what ELF calls a machine. Those with two names
// differ in byte order, mips also in size.
func elfMachines() map[elf.Machine][]string {
	return map[elf.Machine][]string{
		elf.EM_X86_64: {"amd64"}, elf.EM_386: {"386"}, elf.EM_AARCH64: {"arm64"}, elf.EM_ARM: {"arm"},
		elf.EM_RISCV: {"riscv64"}, elf.EM_PPC64: {"ppc64", "ppc64le"}, elf.EM_S390: {"s390x"},
		elf.EM_MIPS: {"mips", "mipsle", "mips64", "mips64le"}, elf.EM_LOONGARCH: {"loong64"},
	}
}

// elfSystems returns Go's names of systems that mark their ELF files.
func elfSystems() map[elf.OSABI]string {
	return map[elf.OSABI]string{
		elf.ELFOSABI_FREEBSD: "freebsd", elf.ELFOSABI_NETBSD: "netbsd", elf.ELFOSABI_OPENBSD: "openbsd", elf.ELFOSABI_SOLARIS: "solaris",
	}
}

func inspectELF(file *os.File, size int64, goos, goarch string) []Finding {
	path := file.Name()
	if goos == "windows" || goos == "darwin" {
		return []Finding{wrongSystem(path, "an ELF file", goos, goarch)}
	}
	f, err := elf.NewFile(file)
	if err != nil {
		return []Finding{truncated(path, err.Error())}
	}
	if system, ok := elfSystems()[f.OSABI]; ok && system != goos {
		return []Finding{wrongSystem(path, "a program for "+system, goos, goarch)}
	}
	if built := goNames(f); !slices.Contains(built, goarch) {
		return []Finding{wrongArchitecture(path, strings.Join(built, " or "), goos, goarch)}
	}
	if f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
		return []Finding{{
			Kind: NotAProgram, Fatal: true, Cause: fmt.Sprintf("%s is an ELF file but no program (%s)", path, f.Type),
			Remedy: "build package main, without -buildmode=c-archive",
		}}
	}
	loader := ""
	for _, program := range f.Progs {
		if program.Type == elf.PT_LOAD && program.Off+program.Filesz > uint64(size) {
			return []Finding{truncated(path, fmt.Sprintf("it has %d bytes of at least %d", size, program.Off+program.Filesz))}
		}
		if program.Type == elf.PT_INTERP {
			loader, err = readLoader(program)
			if err != nil {
				return []Finding{truncated(path, err.Error())}
			}
		}
	}
	return inspectLoader(path, loader, f)
}

// inspectLoader looks for the dynamic loader; none is needed by static programs.
func inspectLoader(path, loader string, f *elf.File) []Finding {
	if loader == "" {
		if f.Type == elf.ET_DYN && f.Entry == 0 {
			return []Finding{{
				Kind: NotAProgram, Fatal: true, Cause: path + " is a shared library, not a program",
				Remedy: "build package main, without -buildmode=c-shared or -buildmode=plugin",
			}}
		}
		return nil
	}
	if _, err := os.Stat(loader); err == nil {
		return nil
	}
	return []Finding{{
		Kind: NoLoader, Fatal: true, Cause: fmt.Sprintf("%s is linked dynamically and its loader %s does not exist; the system then says that the file itself does not", path, loader),
		Remedy: "build it with CGO_ENABLED=0, or on the distribution that the server runs on",
	}}
}

func readLoader(program *elf.Prog) (string, error) {
	const limit = 4096 // the kernel's, PATH_MAX
	raw, err := io.ReadAll(io.LimitReader(program.Open(), limit))
	if err != nil {
		return "", err
	}
	name, _, _ := bytes.Cut(raw, []byte{0})
	return string(name), nil
}

// goNames returns the architectures that a file may be for.
func goNames(f *elf.File) []string {
	names, ok := elfMachines()[f.Machine]
	if !ok {
		return []string{f.Machine.String()}
	}
	if len(names) == 1 {
		return names
	}
	var fitting []string
	for _, name := range names {
		little := strings.HasSuffix(name, "le")
		wide := strings.Contains(name, "64")
		if little == (f.Data == elf.ELFDATA2LSB) && wide == (f.Class == elf.ELFCLASS64) {
			fitting = append(fitting, name)
		}
	}
	return fitting
}

// isMachO reports whether a file begins as one of macOS, with one architecture
// or several.
func isMachO(head []byte) bool {
	for _, magic := range []string{"\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// machoCPUs returns Go's names of what Mach-O calls a CPU.
func machoCPUs() map[macho.Cpu]string {
	return map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64", macho.Cpu386: "386", macho.CpuArm: "arm"}
}

func inspectMachO(file *os.File, goos, goarch string) []Finding {
	path := file.Name()
	if goos != "darwin" {
		return []Finding{wrongSystem(path, "a program for macOS", goos, goarch)}
	}
	if fat, err := macho.NewFatFile(file); err == nil {
		for _, arch := range fat.Arches {
			if machoCPUs()[arch.Cpu] == goarch {
				return nil
			}
		}
		return []Finding{wrongArchitecture(path, "other architectures", goos, goarch)}
	}
	f, err := macho.NewFile(file)
	if err != nil {
		return []Finding{truncated(path, err.Error())}
	}
	if built := machoCPUs()[f.Cpu]; built != goarch {
		return []Finding{wrongArchitecture(path, orElse(built, f.Cpu.String()), goos, goarch)}
	}
	return nil
}

// peMachines returns Go's names of what PE calls a machine.
func peMachines() map[uint16]string {
	return map[uint16]string{
		pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64", pe.IMAGE_FILE_MACHINE_I386: "386", pe.IMAGE_FILE_MACHINE_ARMNT: "arm",
	}
}

func inspectPE(file *os.File, goos, goarch string) []Finding {
	path := file.Name()
	if goos != "windows" {
		return []Finding{wrongSystem(path, "a program for Windows", goos, goarch)}
	}
	f, err := pe.NewFile(file)
	if err != nil {
		return []Finding{truncated(path, err.Error())}
	}
	if built := peMachines()[f.Machine]; built != goarch {
		return []Finding{wrongArchitecture(path, orElse(built, fmt.Sprintf("machine %#x", f.Machine)), goos, goarch)}
	}
	return nil
}

func orElse(name, other string) string {
	if name != "" {
		return name
	}
	return other
}

func truncated(path, how string) Finding {
	return Finding{
		Kind: Truncated, Fatal: true, Cause: fmt.Sprintf("%s is incomplete or damaged: %s", path, how), Remedy: "build or copy it again",
	}
}

func wrongSystem(path, what, goos, goarch string) Finding {
	return Finding{
		Kind: WrongOS, Fatal: true, Cause: fmt.Sprintf("%s is %s, this is %s", path, what, goos),
		Remedy: fmt.Sprintf("build it with GOOS=%s GOARCH=%s", goos, goarch),
	}
}

func wrongArchitecture(path, built, goos, goarch string) Finding {
	return Finding{
		Kind: WrongArch, Fatal: true, Cause: fmt.Sprintf("%s is built for %s, this is %s", path, built, goarch),
		Remedy: fmt.Sprintf("build it with GOOS=%s GOARCH=%s", goos, goarch),
	}
}
